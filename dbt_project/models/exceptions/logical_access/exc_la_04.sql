{{ exceptions_of('LA-04', ref('la_04__terminations')) }}
