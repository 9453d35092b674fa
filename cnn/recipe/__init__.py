"""What a run is told: the recipe, its presets, the device."""
