USE memory.main
