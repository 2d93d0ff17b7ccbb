package codes

import "strings"

// oldDivision is a division of an older edition of GB/T 4754: its section, and
// the division of 2017 that it became. Where it was divided, groups gives that
// of each three-digit group, and the division's own code alone says too little.
type oldDivision struct {
	section, now string
	groups       map[string]string
}

// ParseIndustryOf reads an industry code of the given edition of GB/T 4754:
// 2017 (or 0), 2011 or 2002. A code of 2011 or 2002 gives the division of 2017
// that its division became: the sections from transport onward moved, so that
// the same digits name another industry today (84 was education in 2002, and
// is health now). Finer digits are dropped, for classes were divided and merged
// without a rule. A division that was divided and is not told by its group is
// ErrForm, as is a letter that contradicts the digits.
func ParseIndustryOf(edition int, raw string) (string, error) {
	var table map[string]oldDivision
	switch edition {
	case 2011:
		table = divisions2011
	case 2002:
		table = divisions2002
	default:
		return ParseIndustry(raw)
	}
	s := Fold(raw)
	letter := ""
	if s != "" && s[0] >= 'A' && s[0] <= 'T' {
		letter, s = s[:1], s[1:]
	}
	if len(s) < 2 || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return "", ErrForm
	}
	d, ok := table[s[:2]]
	if !ok || (letter != "" && letter != d.section) {
		return "", ErrForm
	}
	if d.groups == nil {
		return d.now, nil
	}
	if len(s) < 3 {
		return "", ErrForm
	}
	if now, ok := d.groups[s[:3]]; ok {
		return now, nil
	}
	return "", ErrForm
}

// divisions2011 are those of GB/T 4754-2011. Up to 78 they are those of 2017 but
// for transport agencies, which joined another division; land management then
// became 79, and everything after it moved by one.
var divisions2011 = func() map[string]oldDivision {
	out := map[string]oldDivision{}
	for _, d := range divisions {
		if d.Code <= "78" {
			out[d.Code] = oldDivision{section: d.Section, now: d.Code}
		}
		if d.Code >= "80" {
			was := string([]byte{d.Code[0], d.Code[1] - 1})
			if d.Code[1] == '0' {
				was = string([]byte{d.Code[0] - 1, '9'})
			}
			out[was] = oldDivision{section: d.Section, now: d.Code}
		}
	}
	// 581 loading, 582 agencies → 59 and 58.
	out["58"] = oldDivision{section: "G", groups: map[string]string{"581": "59", "582": "58"}}
	return out
}()

// divisions2002 are those of GB/T 4754-2002.
var divisions2002 = func() map[string]oldDivision {
	out := map[string]oldDivision{}
	for row := range strings.SplitSeq(strings.TrimSpace(table2002), "\n") {
		section, pairs, _ := strings.Cut(row, " ")
		for pair := range strings.FieldsSeq(pairs) {
			was, now, _ := strings.Cut(pair, ">")
			if now == "" {
				now = was
			}
			if len(was) == 2 {
				d := out[was]
				d.section, d.now = section, now
				out[was] = d
				continue
			}
			d := out[was[:2]]
			if d.groups == nil {
				d = oldDivision{section: section, groups: map[string]string{}}
			}
			d.groups[was] = now
			out[was[:2]] = d
		}
	}
	return out
}()

// table2002 lists, by section, the divisions of 2002 and what they became; of
// those that were divided, the groups.
const table2002 = `
A 01 02 03 04 05
B 06 07 08 09 10 11>12
C 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30>29 31>30 32>31 33>32 34>33 35>34 36>35
C 371>37 372>36 373>37 374>37 375>37 376>37 379>37 39>38 40>39
C 411>40 412>40 413>40 414>40 415>34 419>40 421>24 422>41 423>41 429>41 43>42
D 44 45 46
E 471>47 472>48 48>49 49>50 50
F 51>53 52>54 53>54 54>55 55>56 56>57 571>59 572>58 58>59 59>60
G 60>63 611>65 612>65 613>81 619>65 62>65
H 63>51 65>52
I 66>61 67>62
J 68>66 69>67 70>68 71>69
K 72>70
L 73>71 74>72
M 75>73 76>74 77>75 78>74
N 79>76 80>77 81>78
O 82>80 831>81 832>82 839>82
P 84>83
Q 85>84 86>94 87>85
R 88>86 89>87 90>88 91>89 92>90
S 93>91 94>92 95>93 96>95 97>96
T 98>97
`
