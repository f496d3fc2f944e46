"""What developers run; none of it is part of the package."""
