"""The evidence bundle: everything that proves a migration, in one file that anybody can check without this machine."""
