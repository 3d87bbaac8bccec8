"""Every read of the jastip desk."""
