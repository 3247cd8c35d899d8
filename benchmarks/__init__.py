"""What is measured of the project, a module for each subject; ``make bench`` runs them all."""
