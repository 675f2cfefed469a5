"""The steps of tools/build_head.py: from MakeHuman's base mesh and targets to the embedded head."""
