import Actors

func s() -> Int { 1 }
