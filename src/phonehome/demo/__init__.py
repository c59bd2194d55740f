"""The demo: a recording of a real Android app, and what is known of the emulator that it ran on."""
