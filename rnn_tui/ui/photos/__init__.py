"""The Photos view."""
