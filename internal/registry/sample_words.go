package registry

import "strings"

// The words of made-up organisations. A name is place + brand + field + ending;
// the brand is two characters, among them a few rare ones (𬭎 㛃 龘 〇) that
// documents must be able to print.
var (
	samplePlaces = []string{
		"试验市", "试验市示范区", "试验市东湖区", "试验市西江区", "试验市北岭区", "试验市高新区",
		"试验市临港区", "试验市云溪县", "试验市清源县", "试验市丰乐区",
	}
	sampleFirst = words("安邦博宸诚春大德东芳丰凤福光广海和恒弘宏华惠济佳嘉建锦景静九康乐立联亮林龙茂美民明木宁鹏平启" +
		"千青清庆仁荣瑞润善尚胜盛世思泰天同文熙祥晓欣新星兴雅阳益永友育远云泽昭正知致中众竹卓𬭎龘")
	sampleSecond = words("爱宝彬辰成川慈达道恩帆方峰福歌谷冠行禾荷衡鸿花怀辉慧家健杰金晶景钧凯可兰朗澜乐礼力莲良" +
		"林苓玲路绿麦梅茗沐诺朋谦巧秋泉然蓉儒森山申圣诗书舒淑爽思松苏桐望薇维文梧希夏弦翔心秀轩雪㛃〇")
	sampleFields = []string{
		"社会工作", "养老服务", "助残", "青少年发展", "儿童关爱", "社区发展", "志愿服务", "心理健康", "职业培训", "环境保护",
		"动物保护", "文化艺术", "传统文化", "书法", "摄影", "体育健身", "太极拳", "围棋", "科学普及", "医疗救助",
		"健康促进", "法律援助", "家庭教育", "妇女发展", "乡村振兴", "食品安全", "消防安全", "信息技术", "物流", "家具",
	}
	sampleEndings = map[Type][]string{
		TypeAssociation: {"协会", "促进会", "研究会", "联合会", "学会", "商会"},
		TypeService:     {"服务中心", "发展中心", "培训中心", "服务社", "支持中心", "研究院"},
		TypeFoundation:  {"基金会", "公益基金会", "慈善基金会", "教育基金会", "发展基金会"},
	}
	sampleDistricts = []string{"示范区", "东湖区", "西江区", "北岭区", "高新区", "临港区", "云溪县", "清源县", "丰乐区"}
	sampleStreets   = []string{"人民路", "解放路", "中山路", "建设大道", "文化街", "学院路", "滨河东路", "青年路", "和平街", "新港大道"}
	sampleSponsors  = []string{
		"试验市教育局", "试验市卫生健康局", "试验市文化广电旅游局", "试验市体育局", "试验市科学技术局", "试验市生态环境局",
		"试验市工商业联合会", "共青团试验市委员会", "试验市妇女联合会", "试验市残疾人联合会",
	}
	sampleSurnames   = words("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
	sampleGivenNames = words("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文慧海燕晓东春梅子涵雨轩思远嘉怡")
)

func words(characters string) []string { return strings.Split(characters, "") }

// nameCount is how many different names there are of a type.
func nameCount(t Type) int {
	return len(samplePlaces) * len(sampleFirst) * len(sampleSecond) * len(sampleFields) * len(sampleEndings[t])
}

// sampleCity begins every place.
const sampleCity = "试验市"

// sampleName is the n-th name of a type, with the district and the field in it;
// the district is "" for a name of the whole city.
func sampleName(t Type, n int) (name, district, field string) {
	next := func(from []string) string {
		word := from[n%len(from)]
		n /= len(from)
		return word
	}
	place, first, second := next(samplePlaces), next(sampleFirst), next(sampleSecond)
	field = next(sampleFields)
	name = place + first + second + field + next(sampleEndings[t])
	return name, strings.TrimPrefix(place, sampleCity), field
}
