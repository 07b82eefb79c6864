"""What players do on the page: each scenario is a function of a browser and a stack."""
