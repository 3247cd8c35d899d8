"""Domains that anybody can have an address of, so that sharing one says nothing about where people belong."""

from __future__ import annotations

_LARGE_PROVIDERS = """
aol.com att.net bigpond.com bluewin.ch btinternet.com comcast.net cox.net fastmail.com free.fr freenet.de gmail.com
gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.be hotmail.co.uk hotmail.com hotmail.de
hotmail.es hotmail.fr hotmail.it icloud.com interia.pl laposte.net libero.it live.ca live.co.uk live.com live.fr
live.nl mac.com mail.com mail.ru me.com msn.com naver.com o2.pl ocn.ne.jp optusnet.com.au orange.fr outlook.com
outlook.de outlook.es outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com rogers.com
sbcglobal.net seznam.cz sfr.fr shaw.ca sky.com t-online.de talktalk.net terra.com.br tuta.com uol.com.br verizon.net
virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br
yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com ziggo.nl zoho.com 126.com 163.com
"""
FREE_MAIL = frozenset(_LARGE_PROVIDERS.split())
"""The large providers; a smaller one is listed among the companies' domains, where a person sees what it is."""
