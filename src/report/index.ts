// Pictures for people: what models look like.
export {}
