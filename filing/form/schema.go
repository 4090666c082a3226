package form

func (f *Form) buildSchema() []byte { return nil }
