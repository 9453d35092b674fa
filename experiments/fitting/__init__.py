"""Problems fitted to measured curves."""
