"""The screens of staff, organizers and administrators."""
