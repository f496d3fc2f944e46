"""The only place that starts, reads, signals and stops a child process."""
