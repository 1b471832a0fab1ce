"""Tests of the tab of data sets."""
