"""How far runs at finite dimension scatter around the flow."""
