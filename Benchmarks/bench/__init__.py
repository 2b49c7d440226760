"""The benchmark harness. `main` reads the command line, `runner` runs rounds, `scenarios` says what is measured,
`peers` starts what is measured, `load` makes the load, `report_*` write the results."""
