"""Theory against simulation, sweeps, and the store."""
