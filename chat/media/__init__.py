"""Files people send: taking them in, looking at what they are, keeping, showing and removing them."""
