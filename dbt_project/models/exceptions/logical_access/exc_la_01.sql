{{ exceptions_of('LA-01', ref('la_01__accounts')) }}
