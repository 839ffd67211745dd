"""Why a number is what it is, from the operations of a run: `why` answers. No torch, no screen."""
