"""SLT: the sign language transformer on key points, which most papers mean by back-translation."""
