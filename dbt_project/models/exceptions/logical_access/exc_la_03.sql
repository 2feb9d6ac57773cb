{{ exceptions_of('LA-03', ref('la_03__access_grants')) }}
