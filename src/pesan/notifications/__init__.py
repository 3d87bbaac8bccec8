"""What a buyer is told, written once and sent by every channel they gave.

This module knows words, channels and the record of deliveries. It does not know what an order or a ticket is, because
it lies below them: whoever knows composes the letter. So a job carries two ids, and the composition root registers

- `Composers`: for each `Kind`, the object that turns an order's id into a `Letter` (facts, addresses, attachments);
- `Channels`: the adapters. Adding WhatsApp is one class with the four members of `Channel`, registered there.

`service.notify` writes the notification and one delivery per channel and enqueues `notifications.deliver` for each.
"""
