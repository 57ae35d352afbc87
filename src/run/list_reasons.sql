SELECT relation, kind, reason, records FROM q_reasons ORDER BY relation, kind, records DESC, reason
