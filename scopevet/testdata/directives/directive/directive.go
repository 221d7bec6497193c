package directive

/* want `gives no reason` */ //scopevet:ignore escape

/* want `names no rule` */ //scopevet:ignore escapes it is fine

//scopevet:ignore escape a reason
