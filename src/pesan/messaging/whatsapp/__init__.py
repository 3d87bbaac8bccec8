"""WhatsApp by Meta's Cloud API: what is sent, what comes in, and why something did not go (protocols §6).

Nothing is exported here, so that whoever needs one part does not load the others.
"""
