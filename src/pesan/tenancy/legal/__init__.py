"""A merchant's terms, refund policy and privacy notice: published versions that never change."""
