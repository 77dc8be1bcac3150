"""What spend is: money, periods, thresholds, and what there is to say about them. Pure values and rules."""
