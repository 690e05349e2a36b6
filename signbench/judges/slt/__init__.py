"""SLT: the sign language transformer on key points, which most papers use for back-translation."""
