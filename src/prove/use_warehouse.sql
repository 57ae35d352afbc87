USE wh.main
