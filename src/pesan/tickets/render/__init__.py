"""What a ticket looks like: QR pictures, PDF documents, calendar entries. Pure: facts in, bytes out."""
