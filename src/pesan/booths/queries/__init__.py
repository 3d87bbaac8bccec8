"""Every read of the booth desk."""
