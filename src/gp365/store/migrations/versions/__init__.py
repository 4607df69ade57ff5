"""One file per revision; a revision is never changed once it was released."""
