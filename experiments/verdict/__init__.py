"""Theory against simulation: the plan, the comparison and its level."""
