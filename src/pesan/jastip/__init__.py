"""The jastip desk: trips of a shopper, what can be ordered on them, and who takes part, over WhatsApp and on pages."""
