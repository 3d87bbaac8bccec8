"""Conversations over WhatsApp: who can be written to and when, what was written, and what became of it.

Whoever wants something said writes it with `outbox.say` in their own transaction; it leaves by the sender's pace, its
window and the person's wish to be left alone. What people write is stored once and handed to the desk that answers.
"""
