"""Work beside the event loop: threads, trainings, long jobs and what they report."""
