package scripts

import "slices"

const includeName = "include"

func isSection(s Statement) bool { return s.Words[0].Text == sectionName }

// takes reports whether a section is to be run.
func (r *run) takes(s Statement) bool { return r.only == nil || r.only(r.sectionName(s)) }

// leads reports whether a block has a section that is to be run.
func (r *run) leads(block []Statement) bool {
	return slices.ContainsFunc(block, func(s Statement) bool { return isSection(s) && r.takes(s) || r.leads(s.Block) })
}

// leave tells of the sections that are not run since a command before them failed.
func (r *run) leave(rest []Statement) {
	if r.wanted > 0 {
		return
	}
	for _, s := range rest {
		if isSection(s) && r.takes(s) {
			r.each(Result{Value: NotRun{r.sectionName(s)}})
		}
		r.leave(s.Block)
	}
}

// sectionName is the name of a section, as reports have it.
func (r *run) sectionName(s Statement) string {
	if vars := r.engine.Vars; vars != nil {
		if words, err := vars.expand(s.Words[1:]); err == nil {
			return joined(words)
		}
	}
	return joined(s.Words[1:]) // running it says what is wrong
}

// Sections lists the names of a script's sections. all is false where more, or their names,
// are known only when it runs: it includes scripts, or names have variables.
func Sections(text string) (names []string, all bool) {
	statements, err := Parse(text)
	if err != nil {
		return nil, false
	}
	return sectionsOf(statements)
}

func sectionsOf(block []Statement) (names []string, all bool) {
	all = true
	for _, s := range block {
		if isSection(s) {
			names = append(names, joined(s.Words[1:]))
			all = all && !slices.ContainsFunc(s.Words, func(w Word) bool { return w.parts != nil })
		}
		inner, known := sectionsOf(s.Block)
		names, all = append(names, inner...), all && known && s.Words[0].Text != includeName
	}
	return names, all
}
