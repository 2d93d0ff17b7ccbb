package simulate

import "fmt"

// county is one county of the city. Statistical zones run towns of counties
// and are never counted beside them.
type county struct {
	code  string
	share float64 // of the city's people
	urban float64 // of the county's people
	risk  float64 // unemployment relative to the city's
	towns []string
}

// pingdingshan has the counties of 410400 with rounded shares of the 2020
// census; risks are invented.
var pingdingshan = []county{
	{"410402", .086, .92, .92, []string{"410402001", "410402002", "410402005", "410402100"}},
	{"410403", .074, .93, 1.05, []string{"410403001", "410403003", "410403006", "410403010"}},
	{"410404", .015, .75, 1.30, []string{"410404001", "410404002", "410404004"}},
	{"410411", .080, .88, .90, []string{"410411001", "410411003", "410411007", "410411200"}},
	{"410421", .098, .50, 1.00, []string{"410421001", "410421100", "410421103", "410421202"}},
	{"410422", .150, .40, 1.06, []string{"410422001", "410422101", "410422106", "410422203"}},
	{"410423", .155, .40, 1.15, []string{"410423001", "410423101", "410423105", "410423208"}},
	{"410425", .096, .42, .95, []string{"410425001", "410425101", "410425104", "410425203"}},
	{"410481", .064, .55, 1.02, []string{"410481001", "410481005", "410481101", "410481204"}},
	{"410482", .182, .48, .93, []string{"410482001", "410482005", "410482104", "410482113"}},
}

// countiesOf lists the counties of a city. Other cities than 410400 get ten
// districts of the same profile under codes of their own prefecture.
func countiesOf(region string) []county {
	if region == "410400" {
		return pingdingshan
	}
	out := make([]county, len(pingdingshan))
	for i, c := range pingdingshan {
		n := 2 + i
		if i >= 4 {
			n = 17 + i
		}
		c.code = fmt.Sprintf("%s%02d", region[:4], n)
		c.towns = []string{c.code + "001", c.code + "100"}
		out[i] = c
	}
	return out
}

// issuer is the county code inside every synthetic resident ID and credit
// code: one that GB/T 2260 never assigned.
func issuer(region string) string { return region[:4] + "99" }

// industry is what a share of the city's employers does.
type industry struct {
	class  string  // GB/T 4754-2017, four digits
	noun   string  // in employers' names
	weight float64 // of employers
	scale  float64 // size relative to the others
	loose  float64 // of jobs without insurance
	title  string  // of a job
	occ    uint8   // major occupation group, 1–8
}

// industries lean on the city's key industries: coal, nylon, special steel,
// equipment, storage, salt chemicals, carbon and food.
var industries = []industry{
	{"0610", "煤业", .8, 6, .3, "采煤工", 6},
	{"1030", "盐业", .2, 2, .1, "制盐工", 6},
	{"1313", "粮油", 1.2, 1, 1, "磨粉工", 6},
	{"1353", "肉食品", 1.0, 1.6, .6, "屠宰加工工", 6},
	{"1392", "豆制品", 1.2, .8, 1, "制作工", 6},
	{"1411", "糕点食品", 1.2, .9, 1, "烘焙工", 6},
	{"1521", "饮料", .6, 1.2, .3, "灌装工", 6},
	{"1751", "化纤织造", 1.0, 1.5, .5, "织布工", 6},
	{"2511", "石油制品", .3, 1.5, .1, "操作工", 6},
	{"2614", "化学原料", .8, 2, .2, "化工操作工", 6},
	{"2653", "尼龙单体", .5, 3, .1, "化工操作工", 6},
	{"2821", "锦纶纤维", .8, 2.5, .2, "纺丝工", 6},
	{"2914", "再生橡胶", .6, 1, .4, "硫化工", 6},
	{"2922", "塑料制品", 1.2, 1, .6, "注塑工", 6},
	{"3011", "水泥", .6, 1.5, .3, "窑操作工", 6},
	{"3091", "石墨碳素", .7, 1.8, .2, "焙烧工", 6},
	{"3130", "钢压延", .6, 4, .2, "轧钢工", 6},
	{"3311", "金属结构", 1.4, 1, .8, "焊工", 6},
	{"3411", "锅炉设备", .9, 1.4, .3, "装配工", 6},
	{"3511", "矿山机械", 1.0, 1.8, .3, "车工", 6},
	{"3841", "锂电池", .6, 2.4, .1, "电池装配工", 6},
	{"4411", "火力发电", .2, 4, .05, "运行值班员", 6},
	{"4610", "自来水", .3, 1.5, .05, "净水工", 6},
	{"4710", "住宅建筑", 2.4, 2, 6, "钢筋工", 6},
	{"4813", "市政工程", 1.2, 1.6, 3, "施工员", 2},
	{"4999", "建筑安装", 1.6, 1, 3, "安装电工", 6},
	{"5211", "百货零售", 4, .8, 6, "营业员", 4},
	{"5212", "超市", 4, .9, 5, "理货员", 4},
	{"5231", "服装零售", 5, .5, 6, "导购员", 4},
	{"5435", "货运", 2.4, .9, 4, "货车驾驶员", 6},
	{"5910", "装卸仓储", 1.6, 1, 2, "仓管员", 4},
	{"6110", "酒店", 1.6, 1.2, 2, "客房服务员", 4},
	{"6210", "餐饮", 5, .7, 8, "厨师", 4},
	{"6513", "软件", 1.6, .8, .3, "软件工程师", 2},
	{"7010", "房地产开发", 1.0, .9, .2, "置业顾问", 4},
	{"7020", "物业", 1.8, 1.2, 1, "保安员", 4},
	{"7263", "人力资源", 1.0, 3, .3, "派遣专员", 3},
	{"7271", "保安服务", .8, 1.6, .6, "保安员", 4},
	{"7491", "工业设计", 1.0, .6, .2, "设计师", 2},
	{"7810", "市政养护", .6, 1.6, .8, "环卫工", 4},
	{"8010", "家庭服务", 1.4, .6, 4, "家政服务员", 4},
	{"8111", "汽车维修", 2.0, .6, 2.5, "汽修工", 6},
	{"8211", "建筑物清洁", 1.0, .8, 1.5, "保洁员", 4},
	{"8310", "幼教", 1.6, .9, .8, "幼儿教师", 2},
	{"8321", "小学教育", 1.0, 2.2, .1, "小学教师", 2},
	{"8411", "医院", .6, 4, .1, "护士", 2},
	{"8423", "乡镇卫生院", .8, 1.6, .1, "医师", 2},
	{"9011", "娱乐", .6, .7, 1.5, "服务员", 4},
	{"0111", "种植", .8, .7, 14, "农艺工", 5},
	{"0311", "养殖", .8, .6, 6, "饲养员", 5},
}

func industryOf(class string) uint8 {
	for i := range industries {
		if industries[i].class == class {
			return uint8(i)
		}
	}
	panic("simulate: no industry " + class) // event plans name listed classes only
}
