"""What recall and adder share: small LSTMs on sequences made by chance, many seeds at once."""
