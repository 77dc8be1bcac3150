"""What a browser is shown: templates, one style sheet, and the chart."""
