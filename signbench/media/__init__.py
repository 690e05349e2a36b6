"""Files to arrays and back: video, key points and their layouts."""
