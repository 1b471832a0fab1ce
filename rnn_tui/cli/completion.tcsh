# tcsh needs nothing but what shtab makes.
