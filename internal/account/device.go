package account

import "strings"

// sign is a part of a User-Agent header and what it tells.
type sign struct{ part, word string }

// Browsers name their relatives too, so the more special come first.
var (
	systems = []sign{
		{"HarmonyOS", "鸿蒙设备"}, {"OpenHarmony", "鸿蒙设备"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "安卓设备"},
		{"Windows", "Windows 电脑"}, {"Mac OS X", "苹果电脑"}, {"CrOS", "Chromebook"}, {"UOS", "统信电脑"}, {"Kylin", "麒麟电脑"},
		{"Linux", "Linux 电脑"},
	}
	browsers = []sign{
		{"MicroMessenger", "微信"}, {"DingTalk", "钉钉"}, {"QQBrowser", "QQ 浏览器"}, {"UCBrowser", "UC 浏览器"}, {"MiuiBrowser", "小米浏览器"},
		{"HuaweiBrowser", "华为浏览器"}, {"360SE", "360 浏览器"}, {"QIHU", "360 浏览器"}, {"MetaSr", "搜狗浏览器"}, {"Edg", "Edge"},
		{"OPR/", "Opera"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"}, {"CriOS", "Chrome"}, {"Chrome", "Chrome"},
		{"Safari", "Safari"}, {"Trident", "IE 浏览器"}, {"MSIE", "IE 浏览器"},
	}
)

// Device says in plain words what a browser says of itself, such as
// “Windows 电脑上的 Edge”. It is a hint for the person, no proof of anything.
func Device(userAgent string) string {
	system, browser := firstSign(systems, userAgent), firstSign(browsers, userAgent)
	switch {
	case system == "" && browser == "":
		return "未知设备"
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return system + "上的 " + browser
}

func firstSign(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.part) {
			return s.word
		}
	}
	return ""
}
