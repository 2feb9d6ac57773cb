with records as (

    select * from {{ latest_records('raw_registers', 'functional_checks') }} as records

),

final as (

    select
        {{ json_text('payload', '$.repository_id') }} as repository_id,
        {{ json_text('payload', '$.check_name') }} as check_name,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
        {{ json_text('payload', '$.app_id') }} as app_id,
        {{ json_bool('payload', '$.is_functional_test') }} as is_functional_test,
        {{ json_date('payload', '$.valid_to') }} as valid_to,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
