"""Tables filled chunk by chunk, in memory or on disk, in threads or on Dask; no physics."""
